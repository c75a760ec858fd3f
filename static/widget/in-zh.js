// The widget in Chinese: its words first, for the frame says some of them as it starts.
import "./zh.js";
import "./frame.js";
