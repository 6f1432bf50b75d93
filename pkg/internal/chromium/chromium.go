// Package chromium is a headless browser for tests of our pages: it looks at them as people do, and
// says what went wrong in them. It is driven by the DevTools protocol through two pipes: no port, no
// driver, and no package but the standard library.
//
// Start it once a test; Open shows a page, Evaluate asks it, Press and Type are the keyboard, and
// Faults is what has to be empty at the end.
package chromium

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Tab is the one page that a browser shows.
type Tab struct {
	T       *testing.T // that fails; of a subtest while it runs
	to      *os.File
	answers <-chan answer
	session string
	last    int
	shown   string   // address of the page
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

// Env is the variable that says "none" where there is no browser, and tests do without.
const Env = "FORETELL_CHROMIUM"

// find is the program; the test fails without one unless that is declared.
func find(t *testing.T, declared string) string {
	t.Helper()
	if declared == "none" {
		t.Skip(Env + "=none: the page is not tested in a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("Chromium is not installed: apt-get install chromium; " + Env + "=none leaves these tests out")
	return ""
}

// Start starts a browser, which ends with the test. Declared is the value of Env.
func Start(t *testing.T, declared string) *Tab {
	t.Helper()
	path := find(t, declared)
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
	b := &Tab{T: t, to: to, answers: answers}
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
	b.Command("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct {
		SessionID string `json:"sessionId"`
	}
	b.Command("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.Command(domain+".enable", nil, nil)
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
func (b *Tab) next() answer {
	b.T.Helper()
	select {
	case a, open := <-b.answers:
		if !open {
			b.T.Fatal("the browser ended")
		}
		if a.ID == 0 {
			b.events = append(b.events, a)
		}
		return a
	case <-time.After(patience):
		b.T.Fatalf("the browser says nothing for %s", patience)
	}
	return answer{}
}

// Command gives a command, and puts what it results in into result, if that is not nil.
func (b *Tab) Command(method string, params map[string]any, result any) {
	b.T.Helper()
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
		b.T.Fatalf("%s: %v", method, err)
	}
	a := b.next()
	for a.ID != b.last {
		a = b.next()
	}
	if a.Error != nil {
		b.T.Fatalf("%s: %s", method, a.Error.Message)
	}
	if result != nil {
		if err := json.Unmarshal(a.Result, result); err != nil {
			b.T.Fatalf("%s: %v", method, err)
		}
	}
}

// Open shows an address, in a window of that size, and waits until it is loaded.
func (b *Tab) Open(url string, width, height int) {
	b.T.Helper()
	b.Command("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.events, b.shown = nil, url
	b.Command("Page.navigate", map[string]any{"url": url}, nil)
	for {
		for _, e := range b.events {
			if e.Method == "Page.loadEventFired" {
				return
			}
		}
		b.next()
	}
}

// Evaluate runs a script in the page and puts its value, as JSON, into result.
func (b *Tab) Evaluate(script string, result any) {
	b.T.Helper()
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
	b.Command("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &a)
	err := error(nil)
	if a.Exception != nil {
		err = errors.New(a.Exception.Exception.Description)
	} else if result != nil {
		err = json.Unmarshal(a.Result.Value, result)
	}
	if err != nil {
		b.T.Fatalf("%s: %v", script, err)
	}
}

// keys are those that a test may press, with their codes in Windows.
var keys = map[string]int{"Tab": 9, "Enter": 13, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46}

// Press presses and releases a key, as "Tab" or "Enter".
func (b *Tab) Press(key string) {
	b.T.Helper()
	code, known := keys[key]
	if !known {
		b.T.Fatalf("no key %q", key)
	}
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if key == "Enter" {
			params["text"] = "\r"
		}
		b.Command("Input.dispatchKeyEvent", params, nil)
	}
}

// Type puts text where the focus is, as a keyboard does.
func (b *Tab) Type(text string) {
	b.T.Helper()
	b.Command("Input.insertText", map[string]any{"text": text}, nil)
}

// Faults is what went wrong since the page was opened: errors, warnings and whatever was logged,
// and each request but that of the page itself and those that begin with one of the addresses.
func (b *Tab) Faults(addresses ...string) []string {
	b.T.Helper()
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
			if err := json.Unmarshal(e.Params, &p); err != nil {
				b.T.Fatal(err)
			}
			own := p.Type == "Document" && p.Request.URL == b.shown
			if !own && !slices.ContainsFunc(addresses, func(a string) bool { return strings.HasPrefix(p.Request.URL, a) }) {
				list = append(list, "a request for "+p.Request.URL)
			}
		}
	}
	return list
}
