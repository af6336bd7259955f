"""HTTP: the only place that knows the framework, and the only asynchronous one."""
