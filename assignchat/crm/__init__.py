"""Files of CRMs and spreadsheets, as they write them."""
