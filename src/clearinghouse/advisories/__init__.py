"""What may be public: advisories in OSV form, written once a coordinator says so. Verb: publish."""
