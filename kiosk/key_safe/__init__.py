"""Key files at rest: wrapped under a secret that a safe holds, and the places that open a safe."""
