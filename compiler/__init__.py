"""A compiler of GraphQL operations: from a schema of graphql-core or Strawberry to functions that build structs.

Start at `compile_operation`. The package knows nothing about the schema that it compiles for. See
docs/explanation/compiler.md.
"""

from compiler.errors import NotCompiled, Rejected, VariableErrors
from compiler.operation import CompiledOperation, Execution, compile_operation
from compiler.options import CompilerOptions, EncodedType
from compiler.variables import Variables

__all__ = [
    "CompiledOperation",
    "CompilerOptions",
    "EncodedType",
    "Execution",
    "NotCompiled",
    "Rejected",
    "VariableErrors",
    "Variables",
    "compile_operation",
]
