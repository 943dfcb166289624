"""A complaint (khiếu nại) about what an agency has done with a filing: made, given to an officer, answered."""
