package ecstest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
)

func answer(w http.ResponseWriter, body any) { _ = json.NewEncoder(w).Encode(body) }

// statuses are those of errors that are ECS's own, by their codes.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
var statuses = map[string]int{
	"ServerException": http.StatusInternalServerError, "InternalFailure": http.StatusInternalServerError,
	"ServiceUnavailable": http.StatusServiceUnavailable,
}

// answerError answers with an error, and with further fields that an error of this code has.
func answerError(w http.ResponseWriter, code, message string, more ...map[string]any) {
	body := map[string]any{"__type": code, "message": message}
	for _, fields := range more {
		maps.Copy(body, fields)
	}
	w.WriteHeader(cmp.Or(statuses[code], http.StatusBadRequest))
	answer(w, body)
}
