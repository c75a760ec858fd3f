// The widget in English: its words first, for the frame says some of them as it starts.
import "./en.js";
import "./frame.js";
