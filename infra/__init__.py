"""Where the hub runs: stages, stacks, bundles, and the same template on this machine."""
