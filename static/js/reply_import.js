// Another file, or another layer: what was shown of it holds no more.
import { chooseLayer } from "./reply_layer.js";

const form = document.getElementById("reply-import");
form.addEventListener("change", () => document.getElementById("reply-planned").replaceChildren());
chooseLayer(form);
