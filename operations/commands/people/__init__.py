"""Commands on people and programs: principals, access, exports, erasures."""
