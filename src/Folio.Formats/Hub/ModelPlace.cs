namespace Folio.Formats.Hub;

/// <summary>A model on this machine.</summary>
/// <param name="Path">A folder or a .gguf file.</param>
/// <param name="Name">What clients call it; null: as its folder or file.</param>
public sealed record ModelPlace(string Path, string? Name = null)
{
    /// <summary>What a MODEL means: a path that there is, else a model of the hub, which is fetched.</summary>
    /// <param name="model">A folder, a .gguf file, or owner/name[:file][@revision].</param>
    /// <param name="revision">A branch, tag or commit of the hub's; null: the id's own, or main.</param>
    /// <param name="pull">Has a model of the hub on this machine when it returns.</param>
    /// <exception cref="FolioException">It isn't to be had; the message says what would help.</exception>
    public static ModelPlace Find(string model, string? revision, Func<HubModelId, PulledModel> pull)
    {
        bool isHere = File.Exists(model) || Directory.Exists(model);
        HubModelId? id = isHere ? null : HubModelId.TryParse(model);
        if (id is null && revision is not null) throw new FolioException($"the revision is '{revision}', but {model} is no model of the hub; owner/name was expected.");
        return id is null ? new(model) : Fetch(model, At(id, revision), pull);
    }

    /// <summary>An id at the revision that --revision names.</summary>
    /// <exception cref="FolioException">It is no revision, or the id has another.</exception>
    public static HubModelId At(HubModelId id, string? revision)
    {
        if (revision is null) return id;
        if (!HubModelId.IsRevision(revision)) throw new FolioException($"the revision is '{revision}'; a branch, tag or commit was expected.");
        if (id.Revision is { } other && other != revision) throw new FolioException($"the revision is '{revision}' and the model's own is '{other}'; one of them was expected.");
        return id with { Revision = revision };
    }

    private static ModelPlace Fetch(string model, HubModelId id, Func<HubModelId, PulledModel> pull)
    {
        try
        {
            return new(pull(id).Path, id.ToString());
        }
        catch (HubException e) when (e.IsUnknownRepository || e.IsUnreachable)
        {
            throw new FolioException($"{model}: there is no such file or folder; as a model of the hub: {e.Message}", e); // a mistyped path may look like a name
        }
    }
}
