"""Extended validation: append to a run what the reports of its snapshot say."""
