// A paper: the time left ticks, and at its end it is handed in; an answer that could not be saved says so.
// The server keeps the time; this clock only shows it, and counts from what the server said, whatever the computer's says.
const loaded = performance.now();
const paper = () => document.getElementById("paper");
const ends = loaded + Number(paper().dataset.left) * 1000;
let told = false;
let over = false;

function shown(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function tick() {
  const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
  const clock = document.getElementById("paper-clock");
  clock.textContent = shown(left);
  clock.classList.toggle("is-soon", left <= 60);
  if (left <= 60 && !told) {
    told = true;
    document.getElementById("paper-soon").textContent = paper().dataset.soon;
  }
  if (left === 0 && !over) {
    over = true;
    setTimeout(() => location.replace(location.pathname), 1500); // what was saved counts; the answer is its result
  }
}

document.body.addEventListener("htmx:sendError", lost);
document.body.addEventListener("htmx:responseError", lost);

function lost() {
  const line = document.getElementById("paper-saved");
  line.textContent = paper().dataset.lost;
  line.classList.add("is-lost");
}

tick();
setInterval(tick, 500);
