# Foretell. Bare `make` lists what there is to make.

ARCH      ?= arm64
PORT      ?= 8080
JOB       ?= testdata/adult.yaml
FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))

# The same flags for every build: no cgo, no paths, no build ids, no version control
# stamps, so that two builds from different folders are the same bytes.
BUILD  := CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags "-s -w -buildid="
SHA256 := $(shell command -v sha256sum || echo shasum -a 256)

# What a release is called in its lists of components: the commit.
VERSION := v0.0.0-$(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# cfn-lint is used if it is there, else put into .venv (ignored by git). Its rule W3005 is
# against dependencies that are written out though implied: the CDK writes them out.
CFN_LINT := $(shell command -v cfn-lint || echo .venv/bin/cfn-lint)

# The workflows' definitions are checked by it, as Step Functions would.
ASL_VALIDATOR := .venv/node_modules/.bin/asl-validator

# The workflows are run by a second interpreter too, that of moto.
MOTO := $(shell command -v moto_server || echo build/moto/bin/moto_server)

# The CDK's command line brings templates in Go: below a folder with a dot they are none of ours.
CDK := .venv/cdk/node_modules/.bin/cdk

# The workflows of GitHub Actions are checked by it.
ACTIONLINT := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# Reading from PostgreSQL is tested against a server of the test's own, if there is one.
INITDB := $(firstword $(shell command -v initdb) $(wildcard /usr/lib/postgresql/*/bin/initdb))

# Pages are tested in a browser, if there is one.
CHROMIUM := $(firstword $(foreach b,chromium chromium-browser google-chrome google-chrome-stable,$(shell command -v $(b))))

# Models are compared with those of the other architecture, in an emulator, if there is one.
QEMU := $(firstword $(foreach q,qemu-aarch64-static qemu-aarch64 qemu-x86_64-static qemu-x86_64,$(shell command -v $(q))))

# Tests of random cases draw the same ones here; RAPID_SEED=0, and plain go test, draw others.
RAPID_SEED ?= 1

# The CDK runs on Node.js 20, and warns loudly that it is old.
JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION ?= 20
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION

.PHONY: help run up build build-host test check reproducible race bench bench-accuracy bench-automl bench-cost bench-coverage bench-data bench-host bench-large bench-learners bench-other bench-serving synth deploy-check image sbom vulnerabilities release fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: build-host ## do the main job once on this machine: data set in, predictions out
	@build/host/foretell up --functions build/host --port $(PORT) --job $(JOB) --exit

up: build-host ## the same, and keep serving until Ctrl-C
	@build/host/foretell up --functions build/host --port $(PORT) --job $(JOB)

build: ## build the functions for Lambda into build/arm64 (ARCH=amd64: into build/amd64)
	@for f in $(FUNCTIONS); do \
		echo "building build/$(ARCH)/$$f/bootstrap"; \
		GOOS=linux GOARCH=$(ARCH) $(BUILD) -o build/$(ARCH)/$$f/bootstrap ./functions/$$f || exit 1; \
	done
	@for f in build/$(ARCH)/*/bootstrap; do \
		printf '%9d bytes  %s\n' $$(wc -c < $$f) "$$($(SHA256) $$f)"; \
	done

build-host: ## build the functions and the command for this machine into build/host
	@for f in $(FUNCTIONS); do \
		echo "building the $$f function for this machine"; \
		$(BUILD) -o build/host/$$f/bootstrap ./functions/$$f || exit 1; \
	done
	@echo "building the foretell command"
	@$(BUILD) -o build/host/foretell ./cmd/foretell

# The CDK validates the templates offline in synth, which takes seconds; once is enough. Besides the
# stages of cdk.json there is one with all that is optional.
test: check reproducible synth $(CFN_LINT) $(ASL_VALIDATOR) $(MOTO) ## check everything: format, vet, tests, CloudFormation templates
	@echo "checking the CloudFormation templates"
	@$(call write-templates,infra/testdata/full.json,build/full.out)
	@$(CFN_LINT) --ignore-checks W3005 -- cdk.out/assembly-*/*.template.json build/full.out/assembly-*/*.template.json
	@$(ASL_VALIDATOR) $(patsubst %,--json-path %,$(wildcard pkg/topology/*.asl.json))
	@echo "checking the workflows of GitHub Actions"
	@$(ACTIONLINT)
	@test -n "$(INITDB)" || echo "PostgreSQL is not installed here: reading from it is NOT tested"
	@test -n "$(CHROMIUM)" || echo "Chromium is not installed here: the pages are NOT tested in a browser"
	@test -n "$(QEMU)" || echo "QEMU is not installed here: models are NOT compared with those of another architecture"
	@echo "testing"
	@CDK_VALIDATION=false RAPID_SEED=$(RAPID_SEED) FORETELL_POSTGRES="$(if $(INITDB),,none)" FORETELL_CHROMIUM="$(if $(CHROMIUM),,none)" FORETELL_QEMU="$(if $(QEMU),,none)" FORETELL_MOTO="$(abspath $(MOTO))" go test ./...

check:
	@command -v node >/dev/null || { echo "install Node.js 20 or later: the CDK tests run on it"; exit 1; }
	@echo "checking format and vet"
	@test -z "$$(gofmt -l cmd functions infra internal pkg)" || { echo "run make fmt, these are not formatted:"; gofmt -l cmd functions infra internal pkg; exit 1; }
	@go vet ./...

reproducible: build
	@echo "building the functions again in another folder, to compare"
	@rm -rf build/again && mkdir -p build/again && cp -R go.mod go.sum Makefile functions pkg build/again
	@$(MAKE) --no-print-directory -C build/again build >/dev/null
	@for f in $(FUNCTIONS); do cmp build/$(ARCH)/$$f/bootstrap build/again/build/$(ARCH)/$$f/bootstrap || exit 1; done
	@rm -rf build/again

.venv/bin/cfn-lint:
	@echo "installing cfn-lint into .venv"
	@command -v python3 >/dev/null || { echo "install Python 3, or cfn-lint: the CloudFormation template is checked with it"; exit 1; }
	@python3 -m venv .venv
	@.venv/bin/pip install --quiet cfn-lint==1.51.0

build/moto/bin/moto_server:
	@echo "installing moto into build/moto"
	@python3 -m venv build/moto && build/moto/bin/pip install --quiet 'moto[server,stepfunctions]==5.2.1'

.venv/node_modules/.bin/asl-validator:
	@echo "installing asl-validator into .venv"
	@npm install --silent --no-save --ignore-scripts --prefix .venv asl-validator@4.0.0

race: ## run the tests under the race detector
	@go test -race ./cmd/... ./functions/... ./pkg/...

bench: ## run the benchmarks (BENCH=regexp, COUNT=n for benchstat)
	@go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -count $(or $(COUNT),1) ./pkg/... ./cmd/...

# The peers live in a virtual environment of their own, the files are made or fetched once.
bench-data: build/bench/venv build/bench/mixed.csv build/bench/mixed.parquet build/bench/flights-3m.parquet ## compare reading and statistics with polars and DuckDB
	@go build -o build/bench/run ./internal/bench
	@build/bench/run

bench-large: build/bench/large.csv ## profile a CSV file of 2 GB: speed and peak memory, at most 512 MB
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room large

bench-learners: build/bench/venv build/bench/learners/generated-1.npy build/bench/learners/flights.npy ## compare learners with LightGBM, XGBoost and scikit-learn (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room learners -only "$(ONLY)"

bench-serving: build/bench/serving/100x31/model.ubj build/bench/serving/1000x255/model.ubj build/bench/leaves ## compare predicting with trees with LightGBM, ONNX Runtime, XGBoost, leaves, treelite and C (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room serving -python build/bench/serving-venv/bin/python -only "$(ONLY)"

bench-host: build/bench/host-venv ## compare the HTTP host with scikit-learn behind FastAPI and MLServer: requests a second, p99 (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@$(BUILD) -o build/bench/predict ./functions/predict
	@build/bench/run -room host -python build/bench/host-venv/bin/python -only "$(ONLY)"

bench-accuracy: build/bench/venv ## compare scores of learners with their peers' on three data sets (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room accuracy -sets "$(or $(SETS),../shared/data)" -only "$(ONLY)"

bench-coverage: ## count how many intervals of served values hold the truth, beside how many they should (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room coverage -sets "$(or $(SETS),../shared/data)" -only "$(ONLY)"

bench-other: build/bench/other/digits.csv ## the same on ten others, which the defaults were not fitted to (ONLY=part of a case's name)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room other -only "$(ONLY)"

bench-cost: build/bench/other/digits.csv ## quote runs on seven data sets, do them on one core, and compare (ONLY=part of a set's name and of learners or portfolio)
	@go build -o build/bench/run ./internal/bench
	@build/bench/run -room cost -sets "$(or $(SETS),../shared/data)" -only "$(ONLY)"

bench-automl: build/bench/automl $(if $(findstring autogluon,$(SIDES)),build/bench/autogluon) ## whole runs beside FLAML's with the same folds and time (SECONDS=60, ONLY=part of a set's name, FOLDS=5, SIDES=foretell,flaml,lightgbm,autogluon)
	@go build -o build/bench/foretell ./cmd/foretell
	@build/bench/automl/bin/python testdata/peers/bench_automl.py build/bench/foretell "$(or $(SETS),../shared/data)" --seconds $(or $(SECONDS),60) --only "$(ONLY)" --folds $(or $(FOLDS),5) --sides "$(or $(SIDES),foretell,flaml,lightgbm)"

build/bench/automl: testdata/peers/requirements-automl.txt
	@echo "installing FLAML into build/bench/automl"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet -r $<

build/bench/autogluon: testdata/peers/requirements-autogluon.txt
	@echo "installing AutoGluon, which has over 1 GB, into build/bench/autogluon"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet -r $<

build/bench/serving-venv: testdata/peers/requirements-serving.txt
	@echo "installing the peers of bench-serving into build/bench/serving-venv"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet -r $<

build/bench/host-venv: testdata/peers/requirements-host.txt
	@echo "installing the peers of bench-host into build/bench/host-venv"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet -r $<

build/bench/venv: testdata/peers/requirements.txt
	@echo "installing the peers into build/bench/venv"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet -r testdata/peers/requirements.txt

# Models of so many trees by so many leaves, as LightGBM, XGBoost, ONNX and C, and rows for them.
build/bench/serving/%/model.ubj: testdata/peers/bench_serving.py build/bench/learners/generated-1.npy | build/bench/serving-venv
	@echo "making build/bench/serving/$*, a model for bench-serving"
	@build/bench/serving-venv/bin/python $< fit build/bench/learners/generated-1.npy $(word 2,$(subst x, ,$*)) $(word 1,$(subst x, ,$*)) $(@D)

# Its source is a text here, since it is of another module than everything else.
build/bench/leaves: $(wildcard testdata/peers/leaves/*)
	@echo "building leaves, in a module of its own"
	@rm -rf $@.module && mkdir -p $@.module && cp $^ $@.module && mv $@.module/main.go.txt $@.module/main.go
	@cd $@.module && go build -o ../leaves .

build/bench/mixed.csv: testdata/peers/mixed_csv.py | build/bench/venv
	@echo "making build/bench/mixed.csv, 214 MB"
	@build/bench/venv/bin/python testdata/peers/mixed_csv.py $@ 1500000

build/bench/mixed.parquet: testdata/peers/mixed_csv.py | build/bench/venv
	@echo "making build/bench/mixed.parquet, 3.5 million rows by 20 columns"
	@build/bench/venv/bin/python testdata/peers/mixed_csv.py $@ 3500000

build/bench/large.csv: testdata/peers/mixed_csv.py | build/bench/venv
	@echo "making build/bench/large.csv, 2 GB"
	@build/bench/venv/bin/python testdata/peers/mixed_csv.py $@ 14000000

build/bench/flights-3m.parquet:
	@echo "fetching flights-3m.parquet of vega-datasets"
	@mkdir -p build/bench && npm install --silent --no-save --ignore-scripts --prefix build/bench vega-datasets@3.2.1
	@cp build/bench/node_modules/vega-datasets/data/flights-3m.parquet $@

build/bench/other/digits.csv: testdata/peers/other_data.py | build/bench/venv
	@echo "making build/bench/other, ten small data sets"
	@build/bench/venv/bin/python $< $(@D)

build/bench/learners/generated-%.npy: testdata/peers/learners_data.py | build/bench/venv
	@echo "making $@, 145 MB"
	@mkdir -p $(@D) && build/bench/venv/bin/python $< generated $@ $*

build/bench/learners/flights.npy: testdata/peers/learners_data.py build/bench/flights-3m.parquet | build/bench/venv
	@echo "making $@, 96 MB"
	@mkdir -p $(@D) && build/bench/venv/bin/python $< flights build/bench/flights-3m.parquet $@

# Writes the templates of the stages of a file to a folder, as the CDK command line does for cdk.json.
write-templates = rm -rf $(2) && CDK_OUTDIR=$(2) CDK_CONTEXT_JSON="$$(node -p 'JSON.stringify(require("./$(1)").context)')" go run ./infra -assets build/$(ARCH)

synth: build ## write the CloudFormation templates of all stages to cdk.out
	@command -v node >/dev/null || { echo "install Node.js 20 or later: the CDK runs on it"; exit 1; }
	@echo "writing the CloudFormation templates to cdk.out"
	@$(call write-templates,cdk.json,cdk.out)

# The emulation runs on this machine's architecture, so the functions are built for it too.
deploy-check: build-host build/deploy/venv $(CDK) ## deploy the stage dev to an emulation of AWS on 127.0.0.1, and ask its API for a prediction
	@$(MAKE) --no-print-directory build ARCH=$$(go env GOARCH)
	@echo "deploying to an emulation of AWS"
	@go run ./internal/deploycheck -cdk $(CDK) -assets build/$$(go env GOARCH)

build/deploy/venv:
	@echo "installing ministack into build/deploy"
	@rm -rf $@ && python3 -m venv $@ && $@/bin/pip install --quiet ministack==1.5.33

$(CDK):
	@echo "installing the CDK command line into .venv"
	@npm install --silent --no-save --ignore-scripts --prefix .venv/cdk aws-cdk@2.1148.1

image: ## build the container image of the predict function (FUNCTION=train: of that), for amd64 and arm64, into build/image (PUSH=repository:tag pushes it)
	@$(MAKE) --no-print-directory build ARCH=amd64
	@$(MAKE) --no-print-directory build ARCH=arm64
	@echo "building the image"
	@go run ./internal/image -function "$(or $(FUNCTION),predict)" -push "$(PUSH)"

# What a binary is made of is read from the binary, so that it is of what ships.
sbom: build build-host build/tools/cyclonedx-gomod ## list what each binary is made of, as CycloneDX, in build/sbom
	@rm -rf build/sbom build/sbom.log && mkdir -p build/sbom
	@for f in $(FUNCTIONS); do \
		GOOS=linux GOARCH=$(ARCH) build/tools/cyclonedx-gomod bin -json -std -licenses -noserial -version "$(VERSION)" -output build/sbom/$$f.cdx.json build/$(ARCH)/$$f/bootstrap 2>>build/sbom.log || { cat build/sbom.log; exit 1; }; \
	done
	@build/tools/cyclonedx-gomod bin -json -std -licenses -noserial -version "$(VERSION)" -output build/sbom/foretell.cdx.json build/host/foretell 2>>build/sbom.log || { cat build/sbom.log; exit 1; }
	@for f in build/sbom/*.json; do printf '%4d components  %s\n' $$(($$(grep -c '"purl"' $$f) - 1)) $$f; done

build/tools/cyclonedx-gomod:
	@echo "installing cyclonedx-gomod into build/tools"
	@GOBIN=$(abspath build/tools) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0

# It asks Go's vulnerability database, and fails if the code calls what is in it, or if it cannot be
# asked: nothing is found where nothing was looked for. Where only a Go proxy can be reached, the module
# that the database is made in has it too, some weeks later.
vulnerabilities: $(if $(filter proxy,$(DB)),build/vulndb) ## look for known vulnerabilities in what the code calls (DB=proxy: by the database's module)
	@go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 $(if $(filter proxy,$(DB)),-db "file://$(abspath build/vulndb)") ./...

.PHONY: build/vulndb
build/vulndb:
	@rm -rf $@
	@set -e; found="$$(go mod download -json golang.org/x/vulndb@latest)"; \
		told() { echo "$$found" | sed -n 's/^\t"'$$1'": "\(.*\)",\{0,1\}$$/\1/p'; }; \
		test -n "$$(told Dir)" || { echo "there is no module golang.org/x/vulndb: $$found"; exit 1; }; \
		go run golang.org/x/vulndb/cmd/indexdb@$$(told Version) -vulns "$$(told Dir)/data/osv" -out $@; \
		echo "$$(ls $@/ID | grep -c '^GO-.*json$$') known vulnerabilities, by golang.org/x/vulndb $$(told Version)"

# What is deployed: templates and functions as the CDK deploys them, the image, what they are made of, and
# the tools to deploy and check them. GNU tar, as in CI.
release: synth image sbom ## pack what is deployed into build/release.tar.gz, with the digest of every file
	@rm -rf build/release && mkdir -p build/release
	@cp -R cdk.out build/image build/sbom build/host/foretell build/release
	@CGO_ENABLED=0 go build -trimpath -o build/release/push-image ./internal/image
	@cd build/release && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs -d '\n' $(SHA256) > SHA256SUMS
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C build/release -cf - . | gzip -n > build/release.tar.gz
	@echo "packed $$(wc -l < build/release/SHA256SUMS) files of $(VERSION) into build/release.tar.gz, $$(wc -c < build/release.tar.gz) bytes"

fmt: ## format the code
	@gofmt -w cmd functions infra internal pkg

clean: ## remove what was built; data in .foretell stays
	@rm -rf build cdk.out
