"""The schema contract: a Table Schema with our annotations, compared with what files hold, then kept or grown."""
