"""Files of CRMs, stage by stage and whole."""
