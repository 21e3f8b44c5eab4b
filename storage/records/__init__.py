"""Call records (话单): how they follow from the journal, how they lie at rest, how they are found."""
