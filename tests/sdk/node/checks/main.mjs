// Runs all checks of a running gateway by the SDKs for Node; `scripts/test-sdks` starts it.

import { run } from "./harness.mjs";
import "./models.mjs";
import "./chat.mjs";
import "./streams.mjs";
import "./tools.mjs";
import "./json_answers.mjs";
import "./responses.mjs";
import "./errors.mjs";
import "./routing.mjs";
import "./cancellation.mjs";
import "./ai_sdk.mjs";

process.exitCode = await run();
