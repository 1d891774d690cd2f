// Says of each query, one JSON text a line, whether Prometheus' and VictoriaMetrics' parsers take it.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/prometheus/promql/parser"
)

type answer struct {
	Query           string `json:"query"`
	Prometheus      bool   `json:"prometheus"`
	VictoriaMetrics bool   `json:"victoriametrics"`
}

func main() {
	options := parser.Options{
		EnableExperimentalFunctions: true,
		EnableBinopFillModifiers:    true,
		EnableUnquotedUTF8Names:     true,
	}
	prometheus := parser.NewParser(options)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	answers := json.NewEncoder(os.Stdout)
	answers.SetEscapeHTML(false)
	for lines.Scan() {
		one := answer{}
		if err := json.Unmarshal(lines.Bytes(), &one.Query); err != nil {
			log.Fatal(err)
		}
		_, refused := prometheus.ParseExpr(one.Query)
		_, alsoRefused := metricsql.Parse(one.Query)
		one.Prometheus, one.VictoriaMetrics = refused == nil, alsoRefused == nil
		if err := answers.Encode(one); err != nil {
			log.Fatal(err)
		}
	}
}
