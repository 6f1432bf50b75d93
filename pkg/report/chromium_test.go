package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// tab is a page of a headless Chromium, driven by the DevTools protocol through two pipes: no
// port, no driver, and no package but the standard library.
type tab struct {
	t       *testing.T
	to      *os.File
	answers <-chan answer
	session string
	last    int
	events  []answer // what the page reported since it was opened
}

// answer is an answer to a command or, without an ID, an event.
type answer struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// patience is how long a command may take on a machine that has much else to do.
const patience = 60 * time.Second

// findChromium is the program; the test fails without one unless that is declared.
func findChromium(t *testing.T) string {
	t.Helper()
	if os.Getenv("FORETELL_CHROMIUM") == "none" {
		t.Skip("FORETELL_CHROMIUM=none: the page is not tested in a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("Chromium is not installed: apt-get install chromium; FORETELL_CHROMIUM=none leaves these tests out")
	return ""
}

// openTab starts a browser, which ends with the test.
func openTab(t *testing.T) *tab {
	t.Helper()
	path := findChromium(t)
	theirs, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, back, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	browser := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	browser.ExtraFiles = []*os.File{theirs, back} // it reads from 3 and writes to 4
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	back.Close()
	answers := make(chan answer, 1000)
	go read(from, answers)
	b := &tab{t: t, to: to, answers: answers}
	t.Cleanup(func() {
		to.Close() // it ends when nobody can tell it anything
		for range answers {
		}
		from.Close()
		_ = browser.Wait() // by which the folder can be removed
	})
	var target struct {
		TargetID string `json:"targetId"`
	}
	b.command("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct {
		SessionID string `json:"sessionId"`
	}
	b.command("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.command(domain+".enable", nil, nil)
	}
	return b
}

// read passes on what the browser says until it ends; each message ends with a zero byte.
func read(from io.Reader, to chan<- answer) {
	defer close(to)
	for r := bufio.NewReader(from); ; {
		message, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(message[:len(message)-1], &a) == nil {
			to <- a
		}
	}
}

// next is the next thing that the browser says.
func (b *tab) next() answer {
	b.t.Helper()
	select {
	case a, open := <-b.answers:
		if !open {
			b.t.Fatal("the browser ended")
		}
		if a.ID == 0 {
			b.events = append(b.events, a)
		}
		return a
	case <-time.After(patience):
		b.t.Fatalf("the browser says nothing for %s", patience)
	}
	return answer{}
}

// command gives a command, and puts what it results in into result, if that is not nil.
func (b *tab) command(method string, params map[string]any, result any) {
	b.t.Helper()
	b.last++
	message := map[string]any{"id": b.last, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	content, err := json.Marshal(message)
	if err == nil {
		_, err = b.to.Write(append(content, 0))
	}
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	a := b.next()
	for a.ID != b.last {
		a = b.next()
	}
	if a.Error != nil {
		b.t.Fatalf("%s: %s", method, a.Error.Message)
	}
	if result != nil {
		if err := json.Unmarshal(a.Result, result); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
	}
}

// open shows a file, in a window of that size, and waits until it is loaded.
func (b *tab) open(path string, width, height int) {
	b.t.Helper()
	b.command("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.events = nil
	b.command("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	for {
		for _, e := range b.events {
			if e.Method == "Page.loadEventFired" {
				return
			}
		}
		b.next()
	}
}

// evaluate runs a script in the page and puts its value, as JSON, into result.
func (b *tab) evaluate(script string, result any) {
	b.t.Helper()
	var a struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	b.command("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &a)
	err := error(nil)
	if a.Exception != nil {
		err = errors.New(a.Exception.Exception.Description)
	} else if result != nil {
		err = json.Unmarshal(a.Result.Value, result)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
}

// press presses and releases a key, as "Tab" or "Enter".
func (b *tab) press(key string) {
	b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowRight": 39}
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
		if key == "Enter" {
			params["text"] = "\r"
		}
		b.command("Input.dispatchKeyEvent", params, nil)
	}
}

// faults is what went wrong since the page was opened: errors, warnings and whatever was
// logged, and each request but that of the page.
func (b *tab) faults() []string {
	var list []string
	for _, e := range b.events {
		switch e.Method {
		case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
			list = append(list, fmt.Sprintf("%s: %s", e.Method, e.Params))
		case "Network.requestWillBeSent":
			var p struct {
				Type    string `json:"type"`
				Request struct {
					URL string `json:"url"`
				} `json:"request"`
			}
			if err := json.Unmarshal(e.Params, &p); err != nil || p.Type != "Document" || !strings.HasPrefix(p.Request.URL, "file:///") {
				list = append(list, "a request for "+p.Request.URL)
			}
		}
	}
	return list
}
