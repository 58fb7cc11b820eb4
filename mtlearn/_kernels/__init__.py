"""Every line of compiled code, behind one door."""
