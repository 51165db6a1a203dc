// Package weather answers questions about the weather from Open-Meteo
// (https://open-meteo.com, data under CC BY 4.0), in French and English: now,
// today, tomorrow, a named day or the week ahead. It never makes a number up:
// when the service does not answer it says the last one it got and how old
// that is, or that it has none.
package weather
