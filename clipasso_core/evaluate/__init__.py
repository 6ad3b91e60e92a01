"""Quality figures of sketches, as an encoder sees them that the optimiser did not use."""
