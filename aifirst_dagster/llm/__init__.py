"""Asking models.

`llm.resource.choose(...)` gives an `LLM`; `LLM.call(LLMRequest)` gives an `LLMResponse`, or raises a typed failure.
"""
