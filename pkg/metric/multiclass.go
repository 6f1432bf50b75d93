package metric

// macroF1 is the mean over classes of F1 = 2·TP / (2·TP + FP + FN), in [0, 1], every class
// counting the same however rare. The classes are those that occur or are predicted: one
// that does neither has no F1, and is left out as scikit-learn does. Of equally probable
// classes the first counts as predicted.
func macroF1(s sample) (float64, error) {
	right := make([]float64, s.outputs) // TP
	wrong := make([]float64, s.outputs) // FP + FN
	for i, w := range s.weights {
		predicted, class := mostProbable(s.row(i)), s.class(i)
		if predicted == class {
			right[class] += w
		} else {
			wrong[predicted] += w
			wrong[class] += w
		}
	}
	sum, classes := 0.0, 0
	for class := range right {
		if seen := 2*right[class] + wrong[class]; seen > 0 {
			sum += 2 * right[class] / seen
			classes++
		}
	}
	return sum / float64(classes), nil
}
