"""Tables that people upload and take away: CSV and XLSX in any of their shapes, to rows that know where they stood."""
