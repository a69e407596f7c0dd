"""The smallest fix by execution: which changes of a release silence a proof."""
