"""A complaint (khiếu nại) about an agency's act in a filing: made, assigned to an officer, answered."""
