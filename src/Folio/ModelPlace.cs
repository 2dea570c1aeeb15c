using Folio.Formats.Hub;

namespace Folio;

/// <summary>A model on this machine.</summary>
/// <param name="Path">A folder or a .gguf file.</param>
/// <param name="Name">What clients call it; null: as its folder or file.</param>
internal sealed record ModelPlace(string Path, string? Name = null)
{
    /// <summary>What a MODEL means: a path that there is, else a model of the hub, which is fetched.</summary>
    /// <param name="revision">A branch, tag or commit of the hub's.</param>
    /// <returns>Null where no model is given.</returns>
    public static ModelPlace? Find(string? model, string? revision, bool quiet)
    {
        bool isHere = model is null || File.Exists(model) || Directory.Exists(model);
        HubModelId? id = isHere ? null : HubModelId.TryParse(model!);
        if (id is null && revision is not null) throw new FolioException($"--revision is '{revision}', but {model ?? "the embedded model"} is no model of the hub; owner/name was expected.");
        return model is null ? null : id is null ? new(model) : Fetch(model, At(id, revision), quiet);
    }

    /// <summary>An id at the revision that --revision names.</summary>
    public static HubModelId At(HubModelId id, string? revision)
    {
        if (revision is null) return id;
        if (!HubModelId.IsRevision(revision)) throw new FolioException($"--revision is '{revision}'; a branch, tag or commit was expected.");
        if (id.Revision is { } other && other != revision) throw new FolioException($"--revision is '{revision}' and the model's own is '{other}'; one of them was expected.");
        return id with { Revision = revision };
    }

    private static ModelPlace Fetch(string model, HubModelId id, bool quiet)
    {
        try
        {
            return new(PullDisplay.Pull(id, include: [], quiet).Path, id.ToString());
        }
        catch (HubException e) when (e.IsUnknownRepository)
        {
            throw new FolioException($"{model}: there is no such file or folder, and {e.Message}", e); // a mistyped path may look like a name
        }
    }
}
