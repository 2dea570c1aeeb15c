namespace Folio.Formats.Hub;

/// <summary>What the hub refuses, lacks or sends wrongly, or what stands in the way of a download.</summary>
public sealed class HubException : FolioException
{
    public HubException(string message) : base(message) { }

    public HubException(string message, Exception inner) : base(message, inner) { }

    /// <summary>The hub gave no answer that counts: what is in the cache may serve instead.</summary>
    public bool IsUnreachable { get; internal init; }

    /// <summary>There is no such repository, or none that the caller may see.</summary>
    public bool IsUnknownRepository { get; internal init; }
}
