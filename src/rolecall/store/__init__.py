"""Where accounts live: each store here signs the contracts of `domain.ports`."""
