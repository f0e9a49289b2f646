"""One file for each family of verbs. Each has `configure`, which adds them, and a function a verb."""
