// The desk's scripts, in the order in which they rely on each other.
import { startAnswers } from "./answers.js";
import { startAppearance, startForgetting } from "./appearance.js";
import { startAttention } from "./attention.js";
import { startChat } from "./chat.js";
import { startChats } from "./chats.js";
import { startComposer } from "./composer.js";
import { startConversation } from "./conversation.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { refreshQueue, startQueue } from "./queue.js";
import { startTimers } from "./timers.js";
import { startTransfer } from "./transfer.js";

startAppearance();
startForgetting();
startAnswers();
startTimers({ missed: refreshQueue });
startQueue();
startChats();
startConversation();
startComposer();
startAttention();
startKeys();
startTransfer();
startChat();
startLive();
