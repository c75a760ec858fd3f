// The way to the server: a socket, or where sockets are blocked a request every three seconds. It heals itself.
import { language } from "./words.js";

const POLL = 3000;
const SOCKET_AGAIN = 60000; // while polling
const LONGEST = 30000; // between two tries
const PATIENCE = 10000; // for a welcome, and for a pong
const STOPS = { 4403: "gone", 4404: "gone" };

// `hello` gives the first frame as it is now, `hear` takes what the server says, `changed` is told "open", "down" or why it stopped.
export function makeLink({ config, hello, hear, changed }) {
  const address = Object.assign(new URL(config.socket, location.href), {
    protocol: location.protocol === "https:" ? "wss:" : "ws:",
  });
  let socket = null;
  let welcomed = false;
  let state = "down";
  let started = false;
  let tries = 0;
  let unwelcomed = 0;
  let polling = false;
  let busy = false;
  let pace = 20000;
  let timer = 0;
  let pinging = 0;
  let polls = 0;
  let queue = [];

  function become(now) {
    if (state === now) return;
    state = now;
    changed(now);
  }

  function connect() {
    clearTimeout(timer);
    if (!started || socket) return;
    const mine = (socket = new WebSocket(address));
    welcomed = false;
    const patience = setTimeout(() => mine.close(), PATIENCE);
    mine.onopen = () => mine.send(JSON.stringify(hello()));
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      const frame = parse(data);
      if (!frame) return;
      ping();
      if (frame.type === "welcome") {
        clearTimeout(patience);
        welcomed = true;
        polling = false;
        tries = unwelcomed = 0;
      }
      hear(frame);
      if (frame.type === "welcome" && mine === socket) {
        become("open");
        queue.splice(0).forEach(send);
      }
    };
    mine.onclose = ({ code }) => {
      clearTimeout(patience);
      if (mine === socket) lost(code);
    };
  }

  function lost(code) {
    socket = null;
    clearTimeout(pinging);
    if (STOPS[code]) return stop(STOPS[code]);
    if (!welcomed && navigator.onLine) unwelcomed += 1;
    welcomed = false;
    if (code === 4401) return hear({ type: "refused", of: "hello", code: "expired" });
    if (code === 4429) tries = Math.max(tries, 4);
    if (polling || unwelcomed >= 3) {
      timer = setTimeout(connect, SOCKET_AGAIN);
      if (!polling) {
        polling = true;
        poll();
      }
      return;
    }
    become("down");
    timer = setTimeout(connect, Math.min(LONGEST, 2000 * 2 ** tries) * (0.5 + Math.random() / 2));
    tries += 1;
  }

  // Whatever was heard proves that it lives. After a quiet time it is asked, and if it doesn't answer, given up.
  function ping() {
    clearTimeout(pinging);
    pinging = setTimeout(() => {
      if (!welcomed || !socket) return;
      const { conversation, have } = hello();
      socket.send(JSON.stringify({ type: "ping", conversation, have }));
      pinging = setTimeout(drop, PATIENCE);
    }, pace);
  }

  function drop() {
    const old = socket;
    if (!old) return;
    old.onclose = null;
    old.close();
    lost(0);
  }

  async function poll(failed = 0) {
    clearTimeout(polls);
    if (!polling || busy || !started) return;
    busy = true;
    const taken = queue.splice(0, 4); // of the longest, together below what a request may have
    try {
      const answers = await post([hello(), ...taken]);
      failed = 0;
      answers.forEach(hear);
      if (polling && answers.some(({ type }) => type === "welcome")) become("open");
    } catch {
      queue.unshift(...taken.filter(({ type }) => type !== "typing" && type !== "message")); // those are said again
      failed += 1;
      become("down");
    }
    busy = false;
    polls = setTimeout(poll, queue.length && !failed ? 0 : Math.min(LONGEST, POLL * 2 ** failed), failed);
  }

  // The same frames by a request: with files, and where there is no socket.
  function post(frames, files = [], progress = null) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const text = JSON.stringify({ frames });
      let body = text;
      request.open("POST", config.frames);
      request.setRequestHeader("Accept-Language", language);
      request.timeout = files.length ? 0 : 15000;
      if (files.length) {
        body = new FormData();
        body.append("frames", text);
        for (const file of files) body.append("files", file, file.name);
        request.upload.onprogress = ({ loaded, total }) => progress && progress(loaded / total);
      } else {
        request.setRequestHeader("Content-Type", "application/json");
      }
      request.onload = () => {
        const answer = parse(request.responseText);
        if (answer && Array.isArray(answer.frames)) resolve(answer.frames);
        else reject((answer && answer.error) || {});
      };
      request.onerror = request.ontimeout = () => reject({});
      request.send(body);
    });
  }

  function send(frame) {
    if (socket && welcomed) return socket.send(JSON.stringify(frame));
    const light = frame.type === "typing" || frame.type === "seen";
    if (!polling && (light || frame.type === "message")) return; // said again by itself
    if (light) queue = queue.filter(({ type }) => type !== frame.type);
    queue.push(frame);
    if (polling && !light) poll();
  }

  function stop(why) {
    started = polling = false;
    queue = [];
    clearTimeout(timer);
    drop();
    clearTimeout(timer);
    become(why);
  }

  function start() {
    if (started) return;
    started = true;
    connect();
  }

  // Once more from the beginning: with another secret or identity.
  function restart() {
    stop("down");
    unwelcomed = tries = 0;
    start();
  }

  function back() {
    if (document.hidden || welcomed) return;
    tries = 0;
    connect();
    poll();
  }

  window.addEventListener("online", back);
  window.addEventListener("offline", () => {
    become("down");
    drop();
  });
  window.addEventListener("pageshow", (event) => event.persisted && back());
  document.addEventListener("visibilitychange", back);
  return {
    start,
    restart,
    stop,
    send,
    post,
    isOpen: () => state === "open",
    pace(ms) {
      if (pace === ms) return;
      pace = ms;
      ping();
    },
  };
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
