package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretell-ml/foretell/pkg/internal/chromium"
)

// tab is a browser that looks at what the pages of this package have.
type tab struct{ *chromium.Tab }

// TestPageInBrowser looks at the page as people do: in a wide and in a narrow window, of few
// and of many columns.
func TestPageInBrowser(t *testing.T) {
	b := &tab{chromium.Start(t, os.Getenv(chromium.Env))}
	for _, columns := range []int{3, 30, 300} {
		path := filepath.Join(t.TempDir(), "page.html")
		if err := os.WriteFile(path, []byte(html(t, broad(columns), About{Dataset: "broad"}, judgments(columns))), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, width := range []int{1280, 400} {
			t.Run(fmt.Sprintf("columns=%d/width=%d", columns, width), func(t *testing.T) {
				b.T = t
				b.Open("file://"+path, width, 900)
				b.fits(width)
				b.sorts(columns)
				b.searches(columns)
				b.jumps()
				b.mapped()
				b.prints()
				b.opensAll(width)
				for _, fault := range b.Faults() {
					t.Error(fault)
				}
			})
		}
	}
}

// fits checks that nothing makes the page wider than the window, but in a box that scrolls.
func (b *tab) fits(width int) {
	b.T.Helper()
	var page struct {
		Width int
		Wide  []string
	}
	b.Evaluate(`({Width: document.documentElement.scrollWidth,
		Wide: [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
			!e.closest(".scroll") && !e.closest("defs") && getComputedStyle(e).clipPath === "none").slice(0, 5).map((e) => e.outerHTML.slice(0, 120))})`, &page)
	if page.Width > width || len(page.Wide) > 0 {
		b.T.Errorf("the page is %d wide in a window of %d; beyond it are %q", page.Width, width, page.Wide)
	}
}

// order is a key of the visible columns, from top to bottom.
func (b *tab) order(key string) []string {
	b.T.Helper()
	var list []string
	b.Evaluate(`[...document.querySelectorAll("#cols>li")].filter((li) => li.checkVisibility()).map((li) => li.dataset.`+key+`)`, &list)
	return list
}

// sorts presses each key, of narrow data twice, and checks what the page shows.
func (b *tab) sorts(columns int) {
	b.T.Helper()
	var keys []string
	b.Evaluate(`[...document.querySelectorAll("#head button")].map((e) => e.dataset.key)`, &keys)
	for _, want := range []string{"alerts", "i", "name", "type", "missing", "distinct", "min", "mean", "max"} {
		if !slices.Contains(keys, want) {
			b.T.Errorf("the columns cannot be sorted by %s", want)
		}
	}
	for _, key := range keys {
		for range map[bool]int{true: 2, false: 1}[columns < 100] {
			var down bool
			b.Evaluate(`(() => { const e = document.querySelector("#head [data-key=`+key+`]"); e.click(); return e.dataset.down !== undefined })()`, &down)
			list := b.order(key)
			if len(list) != columns {
				b.T.Fatalf("by %s: %d columns are shown, want %d", key, len(list), columns)
			}
			if !sorted(list, key == "name" || key == "type", down) {
				b.T.Errorf("by %s, down %t: %q", key, down, list[:min(len(list), 30)])
			}
		}
	}
	b.Evaluate(`document.querySelector("#head [data-key=i]").click()`, nil)
}

// sorted is whether a key's values are in order, and those that are absent last.
func sorted(list []string, text, down bool) bool {
	return slices.IsSortedFunc(list, func(x, y string) int {
		var a, c float64
		_, badA := fmt.Sscan(x, &a)
		_, badC := fmt.Sscan(y, &c)
		order := 0
		switch {
		case text && x != y:
			order = map[bool]int{true: -1, false: 1}[x < y]
		case text:
		case badA != nil || badC != nil:
			return map[bool]int{true: 1}[badA != nil] - map[bool]int{true: 1}[badC != nil]
		case a != c:
			order = map[bool]int{true: -1, false: 1}[a < c]
		}
		if down {
			return -order
		}
		return order
	})
}

// searches types into the field, as people do, and chooses a type.
func (b *tab) searches(columns int) {
	b.T.Helper()
	search := func(text string, want int) {
		b.T.Helper()
		b.Evaluate(`(() => { const e = document.getElementById("search"); e.value = ""; e.dispatchEvent(new Event("input")); e.focus() })()`, nil)
		if text != "" {
			b.Type(text)
		}
		var status string
		b.Evaluate(`document.getElementById("shown").textContent`, &status)
		if n := len(b.order("i")); n != want || status != fmt.Sprintf("%d of %d columns", want, columns) {
			b.T.Errorf("a search for %q shows %d columns and says %q, want %d", text, n, status, want)
		}
	}
	search("MEASURE_002 ", 1)
	search("<script>", 1)
	search("no such column", 0)
	search("", columns)
	choose := func(value string) []string {
		b.Evaluate(`(() => { const e = document.getElementById("type"); e.value = "`+value+`"; e.dispatchEvent(new Event("change")) })()`, nil)
		return b.order("type")
	}
	list := choose("text")
	if len(list) == 0 || slices.ContainsFunc(list, func(v string) bool { return v != "text" }) {
		b.T.Errorf("of type text are %q", list)
	}
	if n := len(choose("")); n != columns {
		b.T.Errorf("%d columns of any type, want %d", n, columns)
	}
}

// jumps follows a column's name in an alert with the keyboard, and closes the column again.
func (b *tab) jumps() {
	b.T.Helper()
	b.Evaluate(`document.querySelector(".alerts a").focus()`, nil)
	b.Press("Enter")
	at := ""
	open := func() (open bool) {
		b.Evaluate(`new Promise((r) => setTimeout(() => r(document.querySelector("#c0 details").open), 50))`, &open)
		b.Evaluate(`document.activeElement.closest("li")?.id ?? ""`, &at)
		return open
	}
	if !open() || at != "c0" {
		b.T.Errorf("the name in the alert did not open its column, and the focus is at %q", at)
	}
	b.Press("Enter")
	if open() {
		b.T.Error("Enter did not close the column")
	}
}

// mapped moves through the heat map by keys.
func (b *tab) mapped() {
	b.T.Helper()
	var present bool
	if b.Evaluate(`document.getElementById("heat") !== null`, &present); !present {
		b.T.Error("no heat map")
		return
	}
	b.Evaluate(`document.getElementById("heat").focus()`, nil)
	b.Press("ArrowDown")
	b.Press("ArrowRight")
	var text string
	if b.Evaluate(`document.getElementById("read").textContent`, &text); text != "measure_002 × measure_001: -0.37" {
		b.T.Errorf("the heat map says %q", text)
	}
}

// prints looks at the page as a printer does, of somebody who reads in the dark: dark on white,
// with what is folded and without what is for the mouse.
func (b *tab) prints() {
	b.T.Helper()
	b.Command("Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	var page struct {
		Paper, Ink     string
		Tools, Missing int
	}
	b.Evaluate(`({Paper: getComputedStyle(document.body).backgroundColor, Ink: getComputedStyle(document.body).color,
		Tools: [...document.querySelectorAll(".tools,.js")].filter((e) => e.checkVisibility()).length,
		Missing: [...document.querySelectorAll("details.folded>:not(summary)")].filter((e) => !e.checkVisibility()).length})`, &page)
	if page.Paper != "rgb(255, 255, 255)" || page.Ink != "rgb(27, 29, 33)" || page.Tools > 0 || page.Missing > 0 {
		b.T.Errorf("printed: %+v", page)
	}
	b.Command("Emulation.setEmulatedMedia", map[string]any{"media": "", "features": []map[string]string{{"name": "prefers-color-scheme", "value": "dark"}}}, nil)
	b.Evaluate(`({Paper: getComputedStyle(document.body).backgroundColor})`, &page)
	if page.Paper != "rgb(21, 23, 26)" {
		b.T.Errorf("in the dark the paper is %s", page.Paper)
	}
	b.Command("Emulation.setEmulatedMedia", map[string]any{"media": "", "features": []map[string]string{}}, nil)
}

// opensAll opens everything and looks at the width again, and that pictures have a name.
func (b *tab) opensAll(width int) {
	b.T.Helper()
	b.Evaluate(`document.querySelectorAll("details").forEach((e) => { e.open = true })`, nil)
	b.fits(width)
	var nameless []string
	b.Evaluate(`[...document.querySelectorAll("svg")].filter((e) => e.ariaHidden !== "true" && !e.ariaLabel).slice(0, 3).map((e) => e.outerHTML.slice(0, 100))`, &nameless)
	if len(nameless) > 0 {
		b.T.Errorf("without a name for those who do not see: %q", nameless)
	}
}
