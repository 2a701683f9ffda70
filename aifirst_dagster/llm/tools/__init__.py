"""Tools for a model, and the bounded conversation in which it uses them."""

from aifirst_dagster.llm.tools.conversation import Conversation, ConversationError, ToolUse
from aifirst_dagster.llm.tools.converse import aconverse, converse
from aifirst_dagster.llm.tools.tool import Bounds, Tool, ToolError

__all__ = ["Bounds", "Conversation", "ConversationError", "Tool", "ToolError", "ToolUse", "aconverse", "converse"]
