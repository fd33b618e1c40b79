// Runs all checks of a running gateway by Anthropic's Node SDK; `scripts/test-sdks` starts it.

import { run } from "../checks/harness.mjs";
import "./messages.mjs";
import "./streams.mjs";
import "./tools.mjs";
import "./tokens.mjs";
import "./errors.mjs";

process.exitCode = await run();
