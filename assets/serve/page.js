"use strict";
(() => {
  const SHOWN = 200;
  const EXPLAIN = 1000;
  const at = (id) => document.getElementById(id);
  const OURS = ["classification", "probability", "risk_level", "recommended_action", "reasons", "error"];
  let parts = [];
  let name = "result.csv";
  let running = null;

  // Everything that comes from a file or an answer is put in as text, never as markup.
  const say = (id, text) => { at(id).textContent = text; };
  const authorization = () => {
    const token = at("token").value.trim();
    return token ? { Authorization: "Bearer " + token } : {};
  };

  // CSV as RFC 4180 has it, in pieces: records may end anywhere in a piece.
  const reader = (take) => {
    let cell = "", record = [], quoted = false, closing = false, begun = false;
    const endCell = () => { record.push(cell); cell = ""; };
    const endRecord = () => { endCell(); begun = false; take(record); record = []; };
    return {
      push(text) {
        let i = 0;
        while (i < text.length) {
          const c = text[i];
          if (closing) {
            closing = false;
            if (c === '"') { cell += '"'; i += 1; continue; }
            quoted = false;
          }
          if (quoted) {
            const end = text.indexOf('"', i);
            if (end < 0) { cell += text.slice(i); return; }
            cell += text.slice(i, end);
            closing = true;
            i = end + 1;
            continue;
          }
          begun = true;
          if (c === '"' && cell === "") { quoted = true; } else if (c === ",") { endCell(); }
          else if (c === "\n") { endRecord(); } else if (c !== "\r") {
            let end = i + 1;
            while (end < text.length && !'",\r\n'.includes(text[end])) { end += 1; }
            cell += text.slice(i, end);
            i = end;
            continue;
          }
          i += 1;
        }
      },
      end() { if (begun || cell || record.length) { endRecord(); } },
    };
  };

  const contentType = (file) => {
    const plain = file.name.toLowerCase().replace(/\.gz$/, "");
    if (/\.(ndjson|jsonl)$/.test(plain)) { return "application/x-ndjson"; }
    if (/\.(tsv|tab)$/.test(plain)) { return "text/tab-separated-values"; }
    return "text/csv";
  };

  const isPacked = async (file) => {
    const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    return start[0] === 0x1f && start[1] === 0x8b;
  };

  const counter = () => ({ rows: 0, malicious: 0, failed: 0, low: 0, medium: 0, high: 0, critical: 0 });

  const showCounts = (counts) => {
    const list = [["rows", counts.rows], ["malicious", counts.malicious], ["benign", counts.rows - counts.malicious - counts.failed],
      ["could not be scored", counts.failed], ["critical", counts.critical], ["high", counts.high], ["medium", counts.medium],
      ["low", counts.low]];
    at("counts").replaceChildren(...list.map(([word, count]) => {
      const item = document.createElement("li");
      const number = document.createElement("b");
      number.textContent = count.toLocaleString("en");
      item.append(number, " " + word);
      return item;
    }));
  };

  const showRow = (number, row) => {
    const line = document.createElement("tr");
    line.className = row.error ? "failed" : row.classification;
    const probability = row.probability === "" ? "" : Number(row.probability).toFixed(4);
    const cells = [String(number), row.error ? "not scored" : row.classification, probability, row.risk_level,
      row.recommended_action, row.error || row.reasons];
    for (const text of cells) {
      const cell = document.createElement("td");
      cell.textContent = text;
      line.append(cell);
    }
    at("rows").append(line);
  };

  const fail = (problem) => {
    say("problem-text", problem.message || "The server gave no reason.");
    const place = [];
    if (problem.line) { place.push("Line " + problem.line); }
    if (problem.field) { place.push("Field " + problem.field); }
    if (problem.request_id) { place.push("Request " + problem.request_id); }
    say("problem-place", place.join(" · "));
    at("problem").hidden = false;
    say("status", "");
    if (problem.code === "unauthorized") { at("token-row").hidden = false; at("token").focus(); }
  };

  const problemOf = async (response) => {
    try { return (await response.json()).error; } catch { return { message: "The server answered " + response.status + "." }; }
  };

  // Where our columns stand: behind the file's own, with a prefix if the file has the name.
  const places = (header) => {
    const found = {};
    for (const own of OURS) {
      let place = header.length - 1;
      const bare = (text) => text.replace(/^(nsec_)+/, "");
      while (place >= 0 && bare(header[place]) !== own) { place -= 1; }
      found[own] = place;
    }
    return found;
  };

  const score = async (file) => {
    if (running) { running.abort(); }
    const mine = new AbortController();
    running = mine;
    parts = [];
    const base = file.name.replace(/\.gz$/i, "").replace(/\.[^.]*$/, "") || "result";
    name = base + ".scored.csv";
    at("problem").hidden = true;
    at("result").hidden = true;
    at("rows").replaceChildren();
    at("download").disabled = true;
    at("stop").hidden = false;
    say("shown", "");
    say("status", "Scoring " + file.name + " …");
    const counts = counter();
    let header = null;
    const csv = reader((record) => {
      if (!header) { header = places(record); return; }
      const row = {};
      for (const own of OURS) { row[own] = record[header[own]] || ""; }
      counts.rows += 1;
      if (row.error) { counts.failed += 1; } else {
        if (row.classification === "malicious") { counts.malicious += 1; }
        if (row.risk_level in counts) { counts[row.risk_level] += 1; }
      }
      if (counts.rows <= SHOWN) { showRow(counts.rows, row); }
    });
    try {
      const headers = { "Content-Type": contentType(file), Accept: "text/csv", ...authorization() };
      if (await isPacked(file)) { headers["Content-Encoding"] = "gzip"; }
      const response = await fetch("/v1/predict?explain=" + EXPLAIN, {
        method: "POST", headers, body: file, signal: mine.signal, credentials: "omit", cache: "no-store", redirect: "error",
      });
      if (!response.ok) { fail(await problemOf(response)); return; }
      at("result").hidden = false;
      const bytes = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await bytes.read();
        if (done) { break; }
        parts.push(new Blob([value]));
        csv.push(decoder.decode(value, { stream: true }));
        showCounts(counts);
      }
      csv.push(decoder.decode());
      csv.end();
      showCounts(counts);
      say("shown", counts.rows > SHOWN ? "The first " + SHOWN + " rows; all of them are in the download." : "All rows.");
      say("status", "Done: " + file.name);
      at("download").disabled = false;
      at("result-title").focus();
    } catch (error) {
      at("result").hidden = true;
      if (error.name === "AbortError") { if (running === mine) { say("status", "Stopped."); } return; }
      fail({ message: "The connection broke off before the whole file was scored; nothing of it is shown. Is the file whole, and the server still there?" });
    } finally {
      if (running === mine) { running = null; at("stop").hidden = true; }
    }
  };

  const chosen = (files) => { if (files && files.length) { score(files[0]); } };
  at("file").addEventListener("change", (event) => { chosen(event.target.files); });
  at("file").addEventListener("click", (event) => { event.target.value = ""; });
  at("form").addEventListener("submit", (event) => { event.preventDefault(); });
  at("stop").addEventListener("click", () => { if (running) { running.abort(); } });
  at("token").addEventListener("change", () => { about(); });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => { event.preventDefault(); at("drop").classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) { at("drop").classList.remove("over"); } });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    at("drop").classList.remove("over");
    chosen(event.dataTransfer.files);
  });
  at("download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => { URL.revokeObjectURL(link.href); }, 60000);
  });

  const about = async () => {
    try {
      const response = await fetch("/v1/model", { headers: authorization(), credentials: "omit", cache: "no-store" });
      if (!response.ok) {
        const problem = await problemOf(response);
        say("model", problem.code === "unauthorized" ? "A token is needed." : problem.message);
        return;
      }
      const model = await response.json();
      say("model", model.name.replaceAll("_", " ") + ", run " + model.run_id + ", flags from " + model.threshold.toFixed(4) + " on, " +
        model.columns.length + " columns" + (model.stale ? " (the newest model cannot be used; this one goes on)" : ""));
    } catch { say("model", "The server does not answer."); }
  };

  at("token-row").hidden = document.body.dataset.token !== "needed";
  about();
})();
