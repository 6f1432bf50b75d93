package site_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretell-ml/foretell/pkg/control"
	"github.com/foretell-ml/foretell/pkg/gateway"
	"github.com/foretell-ml/foretell/pkg/internal/chromium"
	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/registry/dirstore"
	"github.com/foretell-ml/foretell/pkg/serving"
	"github.com/foretell-ml/foretell/pkg/training"
)

// cloud is the API in this process, over a folder with two models.
type cloud struct {
	*httptest.Server
	models *registry.Registry
	// refuse answers every request of the API in its place, if it is set.
	refuse atomic.Pointer[http.HandlerFunc]
	// slow delays the answer to a prediction whose request has this text.
	slow atomic.Value
}

// configs are what is trained: a species by numbers and categories, a weight with intervals.
var configs = map[string]string{
	"penguins": `{"model":"penguins","data":{"source":"s3://bucket/data/penguins/","target":"species"},"search":{"trials":4},"configurations":[{"learner":"baseline"},{"learner":"logistic","params":{"l2":{"log":[0.1,10]}}}]}`,
	"weights":  `{"model":"weights","data":{"source":"s3://bucket/data/penguins/","target":"body_mass_g"},"intervals":{"coverage":0.9},"configurations":[{"learner":"boosting","params":{"rounds":30,"leaves":7}}]}`,
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	store, err := dirstore.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{models: &registry.Registry{Store: store}}
	c.slow.Store("")
	penguins, err := os.ReadFile("../../testdata/penguins.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.models.Store.Put(t.Context(), "data/penguins/penguins.csv", penguins, registry.Condition{}); err != nil {
		t.Fatal(err)
	}
	engine := &training.Engine{Registry: c.models, Source: training.BucketSource("bucket", c.models)}
	for _, text := range configs {
		config, err := training.ParseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		run, _, err := engine.Submit(t.Context(), config)
		if err == nil {
			_, err = engine.Run(t.Context(), run, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	mux := (&control.Server{Bucket: "bucket", Registry: c.models, Engine: engine}).Routes()
	predict := gateway.Routes((&serving.Server{Registry: c.models}).Routes())
	mux.HandleFunc("POST /v1/models/{model}/predict", func(w http.ResponseWriter, r *http.Request) { c.predict(w, r, predict) })
	mux.Handle("GET /v1/models/{model}/schema", predict)
	api := gateway.Routes(mux)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse := c.refuse.Load(); refuse != nil && r.URL.Path != "/" {
			(*refuse)(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// predict is the predict function, at times a slow one.
func (c *cloud) predict(w http.ResponseWriter, r *http.Request, function http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the page has asked for another one meanwhile
	}
	if slow := c.slow.Load().(string); slow != "" && strings.Contains(string(body), slow) {
		time.Sleep(300 * time.Millisecond)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	function.ServeHTTP(w, r)
}

// visitor is somebody who looks at the page.
type visitor struct {
	*chromium.Tab
	cloud *cloud
}

// until waits until a condition holds in the page.
func (v visitor) until(condition, what string) {
	v.T.Helper()
	var holds bool
	v.Evaluate(`new Promise((done) => {
		const began = Date.now();
		const look = () => { if (`+condition+`) done(true); else if (Date.now() - began > 30000) done(false); else setTimeout(look, 10); };
		look();
	})`, &holds)
	if !holds {
		var page string
		v.Evaluate(`document.querySelector("main").innerText`, &page)
		v.T.Fatalf("%s: not within 30 s; the page is\n%s", what, page)
	}
}

const settled = `document.querySelector(".headline .big") && document.querySelector(".headline").ariaBusy === "false"`

// visit opens the page at a model and waits for its first prediction.
func (v visitor) visit(model string, width int) {
	v.T.Helper()
	v.Open("about:blank", width, 900) // another address behind the # alone would load nothing
	v.Open(v.cloud.URL+"/#"+model, width, 900)
	v.until(settled+` && document.querySelector("h1").textContent === "`+model+`"`, "the page of "+model)
}

// text is that of the first element that a selector finds.
func (v visitor) text(selector string) (text string) {
	v.T.Helper()
	v.Evaluate(`document.querySelector(`+quote(selector)+`)?.textContent ?? ""`, &text)
	return text
}

func quote(text string) string {
	b, _ := json.Marshal(text) // of a string, which cannot fail
	return string(b)
}

// write puts a value into the field of a column as people do, by the keyboard.
func (v visitor) write(column, value string) {
	v.T.Helper()
	v.Evaluate(`(() => { const e = `+fieldOf(column)+`; e.focus(); e.select() })()`, nil)
	v.Type(value)
}

// fieldOf is a script that finds the field with a label.
func fieldOf(column string) string {
	return `document.getElementById([...document.querySelectorAll("form label")].find((l) => l.textContent === ` + quote(column) + `).htmlFor)`
}

// TestPageInBrowser tries models as people do: in a wide and in a narrow window, by keyboard, with
// values that are odd, wrong and late.
func TestPageInBrowser(t *testing.T) {
	v := visitor{chromium.Start(t, os.Getenv(chromium.Env)), newCloud(t)}
	for _, width := range []int{1280, 400} {
		for name, test := range map[string]func(v visitor, width int){
			"form": visitor.form, "keyboard": visitor.keyboard, "odd": visitor.odd, "values": visitor.values, "versions": visitor.versions, "late": visitor.late, "refused": visitor.refused,
		} {
			t.Run(fmt.Sprintf("%s/width=%d", name, width), func(t *testing.T) {
				v.T = t
				test(v, width)
			})
		}
	}
}

// quiet checks that nothing went wrong, and that nobody but the API was asked anything.
func (v visitor) quiet() {
	v.T.Helper()
	for _, fault := range v.Faults(v.cloud.URL+"/", "data:") {
		v.T.Error(fault)
	}
}

// fits checks that nothing is wider than the window, and that what can be used has a name.
func (v visitor) fits(width int) {
	v.T.Helper()
	var page struct {
		Width          int
		Wide, Nameless []string
	}
	v.Evaluate(`({Width: document.documentElement.scrollWidth,
		Wide: [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".scroll")).slice(0, 5).map((e) => e.outerHTML.slice(0, 120)),
		Nameless: [...document.querySelectorAll("input,select,textarea,button,a,[role=region]")].filter((e) => !e.ariaLabel && !e.hasAttribute("aria-labelledby") && !e.labels?.length && !e.textContent.trim()).map((e) => e.outerHTML)})`, &page)
	if page.Width > width || len(page.Wide) > 0 || len(page.Nameless) > 0 {
		v.T.Errorf("the page is %d wide in a window of %d; beyond it are %q; without a name are %q", page.Width, width, page.Wide, page.Nameless)
	}
}

// form: each column has a field of its kind, with what is typical in it, and the answer is the API's.
func (v visitor) form(width int) {
	v.visit("penguins", width)
	v.fits(width)
	var fields []string
	v.Evaluate(`[...document.querySelectorAll(".field")].map((f) => f.querySelector("label").textContent + ":" + [...f.querySelectorAll("input,select,textarea")].map((e) => e.type).join("+")).sort()`, &fields)
	want := []string{"bill_depth_mm:range+number", "bill_length_mm:range+number", "body_mass_g:range+number", "flipper_length_mm:range+number",
		"island:select-one", "sex:select-one", "year:range+number"}
	if !slices.Equal(fields, want) {
		v.T.Errorf("fields %q, want %q", fields, want)
	}
	var slider struct{ Min, Max, Value string }
	v.Evaluate(`(({min, max, value}) => ({Min: min, Max: max, Value: value}))(`+fieldOf("body_mass_g")+`.previousElementSibling)`, &slider)
	if slider.Min != "2700" || slider.Max != "6300" || slider.Value == "2700" || slider.Value == "6300" { // the lightest and the heaviest of the data
		v.T.Errorf("the slider of the mass is %+v", slider)
	}

	v.write("bill_length_mm", "46.1")
	v.write("flipper_length_mm", "217")
	v.until(`document.querySelector("pre")?.textContent.includes('"flipper_length_mm":217') && `+settled, "an answer for other values")
	var shown struct{ Class, Share, Curl string }
	v.Evaluate(`({Class: document.querySelector(".headline .big").textContent, Share: document.querySelector(".headline .beside").textContent, Curl: document.querySelector("pre").textContent})`, &shown)
	body := strings.TrimSuffix(shown.Curl[strings.Index(shown.Curl, "'")+1:], "'")
	response, err := http.Post(v.cloud.URL+"/v1/models/penguins/predict", "application/json", strings.NewReader(body))
	if err != nil {
		v.T.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Predictions []struct {
			Class         string
			Probabilities map[string]float64
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Predictions) != 1 {
		v.T.Fatalf("%v: %+v", err, answer)
	}
	p := answer.Predictions[0]
	if share := p.Probabilities[p.Class]; shown.Class != p.Class || shown.Share != fmt.Sprintf("%.1f %%", 100*share) && (share < 0.999 || shown.Share != "> 99.9 %") {
		v.T.Errorf("the page shows %+v, the API says %+v", shown, p)
	}
	if !strings.Contains(v.text(".board"), "logistic") || !strings.Contains(v.text(".links"), "Report of the run") {
		v.T.Errorf("leaderboard %q, links %q", v.text(".board"), v.text(".links"))
	}
	v.quiet()
}

// keyboard moves through the form by Tab and changes values by keys alone.
func (v visitor) keyboard(width int) {
	v.visit("penguins", width)
	before := v.text("pre")
	v.Evaluate(fieldOf("body_mass_g")+`.previousElementSibling.focus()`, nil)
	var mass, next string
	v.Evaluate(fieldOf("body_mass_g")+`.value`, &mass)
	v.Press("ArrowRight")
	v.until(fieldOf("body_mass_g")+`.value !== "`+mass+`" && document.querySelector("pre").textContent !== `+quote(before)+` && `+settled, "a prediction for the next mass")
	v.Press("End")
	v.until(fieldOf("body_mass_g")+`.value === "6300"`, "the greatest mass")
	v.Press("Tab")
	if v.Evaluate(`document.activeElement.type + " " + document.activeElement.labels[0].textContent`, &next); next != "number body_mass_g" {
		v.T.Errorf("Tab leads to %q", next)
	}
	v.Press("Tab")
	var visible bool
	if v.Evaluate(`document.activeElement.matches(".field *") && getComputedStyle(document.activeElement).outlineStyle === "solid"`, &visible); !visible {
		v.T.Error("the focus is not in the next field, or cannot be seen")
	}
	v.Evaluate(`document.querySelector("#models a[href='#weights']").focus()`, nil)
	v.Press("Enter")
	v.until(`document.querySelector("h1").textContent === "weights" && `+settled, "the other model by its link")
	v.quiet()
}

// odd values are missing, were never seen, or are refused; each is told at its field.
func (v visitor) odd(width int) {
	v.visit("penguins", width)
	note := func(column string) string {
		return `document.getElementById(` + fieldOf(column) + `.id + "-note").textContent`
	}
	v.write("body_mass_g", "90000")
	v.until(note("body_mass_g")+`.includes("90000 is above 6300") && `+settled, "a warning of a mass that no penguin has")
	v.fits(width)
	v.quiet()
	v.write("body_mass_g", "1e999")
	v.until(`document.querySelector(".headline .big").textContent === "No prediction" && `+fieldOf("body_mass_g")+`.ariaInvalid === "true"`, "what is no number")
	v.Evaluate(`(() => { const e = `+fieldOf("body_mass_g")+`; e.focus(); e.select() })()`, nil)
	v.Press("Delete")
	v.until(`document.querySelector("pre")?.textContent.includes('"body_mass_g":null') && `+settled, "a prediction without the mass")
}

// values have an interval, which moves with them.
func (v visitor) values(width int) {
	v.visit("weights", width)
	first := v.text(".headline")
	v.write("flipper_length_mm", "231")
	v.until(`document.querySelector(".headline").textContent !== `+quote(first)+` && `+settled, "a prediction for the longest flipper")
	var axis struct{ Low, High, Mark float64 }
	v.Evaluate(`(() => { const a = document.querySelector(".interval .bar").getBoundingClientRect(), [i, m] = [...document.querySelectorAll(".interval .bar i")].map((e) => e.getBoundingClientRect());
		return {Low: (i.left - a.left) / a.width, High: (i.right - a.left) / a.width, Mark: (m.left + m.width / 2 - a.left) / a.width} })()`, &axis)
	if !(axis.Low >= -0.01 && axis.Low < axis.Mark && axis.Mark < axis.High && axis.High <= 1.01) {
		v.T.Errorf("the interval is drawn at %+v", axis)
	}
	if !strings.Contains(v.text(".interval h3"), "90 times in 100") {
		v.T.Errorf("the interval is called %q", v.text(".interval h3"))
	}
	v.fits(width)
	v.quiet()
}

// versions are chosen by name and by number, and the address says which.
func (v visitor) versions(width int) {
	v.visit("penguins", width)
	v.Evaluate(`(() => { const e = document.getElementById("version"); e.selectedIndex = 1; e.dispatchEvent(new Event("change")) })()`, nil)
	v.until(`location.hash === "#penguins/1" && document.querySelector("pre")?.textContent.includes('"version":1') && `+settled, "version 1 by its number")
	v.quiet()
}

// late answers are dropped: the one that counts is that of the last values.
func (v visitor) late(width int) {
	v.visit("penguins", width)
	v.cloud.slow.Store(`"body_mass_g":3000`)
	defer v.cloud.slow.Store("")
	v.write("body_mass_g", "3000")
	v.until(`document.querySelector(".headline").ariaBusy === "true"`, "waiting for the slow answer")
	v.Evaluate(`new Promise((r) => setTimeout(r, 150))`, nil) // by now it was asked for
	v.write("body_mass_g", "6000")
	v.until(`document.querySelector("pre").textContent.includes('"body_mass_g":6000') && `+settled, "the answer to the last values")
	v.Evaluate(`new Promise((r) => setTimeout(r, 500))`, nil)
	if shown := v.text("pre"); !strings.Contains(shown, `"body_mass_g":6000`) {
		v.T.Errorf("an answer that was late is shown: %s", shown)
	}
	v.quiet()
}

// refused: AWS answers nothing that is not signed, and the page says what to do, however it is
// refused: by the problem that the API's responses are set to, as API Gateway does by itself, by a
// firewall's page, or for want of a token.
func (v visitor) refused(width int) {
	defer v.cloud.refuse.Store(nil)
	answer := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for how, refuse := range map[string]http.HandlerFunc{
		"a problem": func(w http.ResponseWriter, r *http.Request) {
			gateway.WriteProblem(w, r, gateway.RouteNotFound.New("There is no such route, or the request is not signed with AWS credentials."))
		},
		"403 in JSON": answer(http.StatusForbidden, "application/json", `{"message":"Missing Authentication Token"}`),
		"403 in HTML": answer(http.StatusForbidden, "text/html", "<html><head><title>403 Forbidden</title></head></html>"),
		"403, empty":  answer(http.StatusForbidden, "text/plain", ""),
		"401":         answer(http.StatusUnauthorized, "application/json", `{"message":"Unauthorized"}`),
	} {
		v.cloud.refuse.Store(&refuse)
		v.Open("about:blank", width, 900)
		v.Open(v.cloud.URL+"/", width, 900)
		v.until(`document.getElementById("trouble").innerText.includes("proxy that signs")`, "what to do about signatures, refused by "+how)
		v.fits(width)
	}
}
