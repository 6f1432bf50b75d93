module github.com/foretell-ml/foretell/testdata/peers/leaves

go 1.24

require github.com/dmitryikh/leaves v0.0.0-20230708180554-25d19a787328
