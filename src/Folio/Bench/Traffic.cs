namespace Folio.Bench;

/// <summary>How requests are sent.</summary>
/// <param name="Rate">Requests a second; infinity: all at once.</param>
/// <param name="Burstiness">The shape of the gamma process; null: a trace's own times.</param>
/// <param name="MaxConcurrency">Requests on their way at most; null: no limit.</param>
internal sealed record Traffic(double Rate, double? Burstiness, int? MaxConcurrency);
