"""Rules, the engines that judge them, scores, drift."""
