// The desk's scripts, in the order in which they rely on each other.
import { startAnswers } from "./answers.js";
import { startAppearance, startForgetting } from "./appearance.js";
import { startAttention } from "./attention.js";
import { startComposer } from "./composer.js";
import { startConversation } from "./conversation.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { refreshQueue, startQueue } from "./queue.js";
import { startTimers } from "./timers.js";

startAppearance();
startForgetting();
startAnswers();
startTimers({ missed: refreshQueue });
startQueue();
startConversation();
startComposer();
startAttention();
startKeys();
startLive();
