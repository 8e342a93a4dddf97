"""Where the model looked: gradient and GradCAM on the 3D input."""
