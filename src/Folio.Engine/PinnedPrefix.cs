namespace Folio.Engine;

/// <summary>A prefix that is kept in the cache, whoever else needs room: the paper's shared prefix (§4.4).</summary>
/// <param name="Id">What its owner calls it.</param>
/// <param name="Tokens">Tokens that requests find cached if they begin with this prefix and are among those that it was pinned for: its full blocks.</param>
/// <param name="Owner"><see cref="PinRequest.Owner"/>.</param>
public sealed record PinnedPrefix(string Id, int Tokens, string Owner = "");
