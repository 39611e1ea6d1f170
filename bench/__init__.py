"""Speed and memory, measured in turn and given as ratios: this is where timing claims live."""
